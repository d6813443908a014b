/** Counts the turns of the event loop that others would have had, until `stop`. */
export function countTurns(): { soFar(): number; stop(): number } {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  return {
    soFar: () => turns,
    stop() {
      isOver = true;
      return turns;
    },
  };
}
