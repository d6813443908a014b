/** Creates `jobs` running jobs over HTTP, each with one sample, 64 at a time. */
export async function createRunningJobs(url: string, jobs: number): Promise<void> {
  let next = 0;
  const post = async (path: string, body: object) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };
  const worker = async () => {
    while (next < jobs) {
      const index = next++;
      const id = `job-${index}`;
      await post('/v1/jobs', { id, user: `user-${index % 500}`, nodes: [`node-${index % 2000}`] });
      await post(`/v1/jobs/${id}/metrics`, {
        cpu_usage: (index % 10_000) / 100,
        memory_usage_mb: index,
        gpu_usage: (index % 1000) / 10,
      });
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
}
