/*
 * A disk that fails when a test says so: preloaded into a process, it answers EIO to reads, writes or syncs of files named
 * log.sqlite*. $FAILING_DISK is a file that says which, in any order: r, w, s. While it is not there, nothing fails.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(int fd, char what)
{
	int before = errno, control, is_wanted = 0;
	char link[64], path[4096], wanted[8] = "";
	const char *name = getenv("FAILING_DISK");
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = name ? readlink(link, path, sizeof path - 1) : -1;
	if (length > 0) {
		path[length] = 0;
		control = strstr(path, "/log.sqlite") ? open(name, O_RDONLY) : -1;
		if (control >= 0) {
			syscall(SYS_read, control, wanted, sizeof wanted - 1);
			close(control);
			is_wanted = strchr(wanted, what) != NULL;
		}
	}
	errno = is_wanted ? EIO : before;
	return is_wanted;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAILING(what, type, name, parameters, ...)                                                                   \
	type name parameters { return fails(fd, what) ? -1 : REAL(name)(__VA_ARGS__); }

FAILING('r', ssize_t, read, (int fd, void *to, size_t n), fd, to, n)
FAILING('r', ssize_t, pread, (int fd, void *to, size_t n, off_t at), fd, to, n, at)
FAILING('r', ssize_t, pread64, (int fd, void *to, size_t n, off64_t at), fd, to, n, at)
FAILING('w', ssize_t, write, (int fd, const void *from, size_t n), fd, from, n)
FAILING('w', ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at), fd, from, n, at)
FAILING('w', ssize_t, pwrite64, (int fd, const void *from, size_t n, off64_t at), fd, from, n, at)
FAILING('s', int, fsync, (int fd), fd)
FAILING('s', int, fdatasync, (int fd), fd)
