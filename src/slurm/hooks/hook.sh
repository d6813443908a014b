#!/bin/sh
# hpc-observe: records the start or end of a job as one file in a folder that the service reads.
# Written by `hpc-observe slurm hooks`, which sets `kind` and `spool`.
#
# Slurm waits for this script, and a failing Prolog or Epilog drains the node. It therefore uses neither the network nor
# Slurm's commands and always exits with 0. An event that cannot be written is lost; the service then learns of the job
# from squeue.
trap 'exit 0' EXIT HUP INT TERM

kind=prolog_slurmctld
spool='/var/spool/hpc-observe'

# Slurm sets no PATH. The files belong to the folder's group (setgid), which may read them; others may not.
PATH=/usr/bin:/bin
umask 027
set -C

write_event() {
	printf 'hpc-observe hook 1\0' || return
	for name in SLURM_SCRIPT_CONTEXT SLURM_CLUSTER_NAME SLURM_JOB_ID SLURM_JOB_RESTART_COUNT SLURM_JOB_SLUID \
		SLURM_JOB_USER SLURM_JOB_ACCOUNT SLURM_JOB_PARTITION SLURM_JOB_QOS SLURM_JOB_NAME SLURM_JOB_WORK_DIR \
		SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID SLURM_JOB_NODELIST SLURM_NODELIST SLURM_JOB_CPUS_PER_NODE \
		SLURM_JOB_START_TIME SLURM_JOB_END_TIME SLURM_JOB_EXIT_CODE2 SLURMD_NODENAME \
		SLURM_JOB_GPUS CUDA_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES ZE_AFFINITY_MASK GPU_DEVICE_ORDINAL \
		CUDA_MPS_ACTIVE_THREAD_PERCENTAGE; do
		# Only the names above are evaluated, never the value of a variable.
		eval "value=\${$name-}"
		[ -z "$value" ] || printf '%s=%s\0' "$name" "$value" || return
	done
	# Marks the file as complete: a full disk may have cut it off.
	printf 'end\0'
}

# The service removes events; the agent of the node needs the job's GPUs and SLUID until the job ends.
hold_event() {
	[ -d "$spool/held" ] || mkdir -p "$spool/held" || return
	ln -f "$spool/.$event.tmp" "$spool/held/$held"
}

save_event() {
	read -r host </proc/sys/kernel/hostname
	# A date without nanoseconds copies the N or leaves it out.
	time=$(date +%s.%N)
	case $time in
	*[!0-9.]* | *.) time=${time%%.*}.000000000 ;;
	esac
	# These become parts of a file name.
	job=${SLURM_JOB_ID:-0} restarts=${SLURM_JOB_RESTART_COUNT:-0}
	case $job in *[!0-9]* | ???????????*) job=0 ;; esac
	case $restarts in *[!0-9]* | ???????????*) restarts=0 ;; esac
	case $host in '' | *[!A-Za-z0-9._-]*) host=unknown ;; esac

	event=$time-$kind-$job-$restarts-$$-$host.event
	node=${SLURMD_NODENAME:-unknown}
	case $node in *[!A-Za-z0-9._-]*) node=unknown ;; esac
	held=$job-$node.event
	[ $kind != epilog_slurmd ] || rm -f "$spool/held/$held"
	if write_event >"$spool/.$event.tmp"; then
		[ $kind != prolog_slurmd ] || hold_event
		mv -f "$spool/.$event.tmp" "$spool/$event" && return
	fi
	rm -f "$spool/.$event.tmp"
}

save_event </dev/null >/dev/null 2>&1
exit 0
