/** The answer, or what `late` says when it takes longer: the work goes on then, without anybody waiting. */
export async function withinTime<T>(answer: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(late()), ms);
  try {
    return await Promise.race([answer, tooLate.promise]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => undefined);
  }
}
