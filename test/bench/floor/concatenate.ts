// The floor of a scrape: a loop that concatenates the same text from objects in memory.
const jobs = Array.from({ length: Number(process.argv[2]) }, (_, index) => ({
  id: `job-${index}`,
  user: `user-${index % 500}`,
  node: `node-${index % 2000}`,
  runtimeSeconds: 3600.125 + index,
  cpuUsage: (index % 10_000) / 100,
  memoryBytes: index * 1024 * 1024,
  gpuUsage: (index % 1000) / 10,
}));
export const server = Bun.serve({
  port: 0,
  reusePort: false,
  fetch() {
    let runtime = '';
    let cpu = '';
    let memory = '';
    let gpu = '';
    for (const job of jobs) {
      const labels = `{job_id="${job.id}",node="${job.node}",user="${job.user}"} `;
      runtime += `hpc_job_runtime_seconds${labels}${job.runtimeSeconds}\n`;
      cpu += `hpc_job_cpu_usage_percent${labels}${job.cpuUsage}\n`;
      memory += `hpc_job_memory_usage_bytes${labels}${job.memoryBytes}\n`;
      gpu += `hpc_job_gpu_usage_percent${labels}${job.gpuUsage}\n`;
    }
    return new Response(runtime + cpu + memory + gpu, { headers: { 'content-type': 'text/plain' } });
  },
});
console.log(server.url.href);
