/**
 * Jobs that may wait to be tallied before answers say that tallies are behind: as many as end in some
 * seconds.
 */
export const MANY_UNTALLIED = 1000;
