// Which jobs are cells of a plot: they are ended together, and stand as one among those that wait.
import { activeJobs, isActive, live } from "./live.js";

const activePlots = () => activeJobs().filter(job => job.request.kind === "plot");

/** The plot that a job is a cell of, while it is not over; else the job itself. */
export const wholeOf = job => activePlots().find(plot => plot.request.jobs.includes(job.id)) ?? job;

/** The jobs without those that are cells of a plot. */
export function withoutCells(jobs) {
  const cells = new Set(activePlots().flatMap(plot => plot.request.jobs));
  return jobs.filter(job => !cells.has(job.id));
}

/** How many cells of a plot are over, and how many there are. */
export function cellsOf(plot) {
  const { jobs } = plot.request;
  const over = jobs.filter(id => live.jobs.has(id) && !isActive(live.jobs.get(id)));
  return { done: over.length, all: jobs.length };
}
