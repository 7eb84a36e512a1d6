/** An audit report of all hosts, or of one. */
import { ReportForm } from '../widgets/report-form.tsx';

export const ReportView = () => (
  <div class="report-view">
    <ReportForm host={undefined} />
  </div>
);
