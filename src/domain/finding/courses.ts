import type { Job } from '../job.ts';
import type { Readings } from '../readings.ts';
import type { Facts, GpuCourse, MemoryCourse } from './finding.ts';
import { GPU_COURSE_POINTS, gpuCourseMs } from './gpu-pause.ts';
import { MEMORY_COURSE_POINTS } from './memory-room.ts';

/** The points of a plot that courses are made from. */
type Points = Pick<Readings, 'times' | 'memory' | 'gpu'>;

export type Courses = Pick<Facts, 'memoryCourse' | 'gpuCourse'>;

/** Returns the memory of a run on some nodes over time. Points of a plot are means over the nodes. */
export const memoryCourseOf = ({ times, memory }: Points, nodes: number): MemoryCourse => ({
  timesMs: [...times],
  memoryMb: Array.from(memory, (mb) => mb * nodes),
});

export const gpuCourseOf = ({ times, gpu }: Points): GpuCourse => ({
  timesMs: [...times],
  gpuPercent: [...gpu],
});

/** Reads at most so many points of the samples of a run, from a time on if one is given. */
type PlotRun = (query: { readonly fromMs?: number }, maxPoints: number) => Promise<Points>;

/** Reads the memory of a running job from its start on, and the last while of its GPUs. */
export async function readCourses(
  { state, startTimeMs, details = {}, nodes }: Job,
  { nowMs, thresholds }: Pick<Facts, 'nowMs' | 'thresholds'>,
  plot: PlotRun,
): Promise<Courses> {
  if (state !== 'running' || startTimeMs === undefined) return {};
  const isOlder = (seconds: number) => nowMs - startTimeMs >= seconds * 1000;
  const courses: { -readonly [Key in keyof Courses]: Courses[Key] } = {};
  if (details.memoryLimitMb && isOlder(thresholds.memoryGrowthSeconds))
    courses.memoryCourse = memoryCourseOf(await plot({}, MEMORY_COURSE_POINTS), nodes.length);
  if (details.gpus && isOlder(thresholds.gpuPausedSeconds)) {
    const fromMs = nowMs - gpuCourseMs(thresholds);
    courses.gpuCourse = gpuCourseOf(await plot({ fromMs }, GPU_COURSE_POINTS));
  }
  return courses;
}
