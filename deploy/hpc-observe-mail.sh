#!/bin/sh
# MailProg of slurm.conf: slurmctld calls it with -s SUBJECT ADDRESS, and SLURM_JOB_ID in the environment.
# Settings, such as smtp and mail_domain, are read from this file if it exists.
config=/etc/hpc-observe/mail.toml
if [ -r "$config" ]; then
  export HPC_OBSERVE_CONFIG="$config"
fi
exec /usr/local/bin/hpc-observe mail --subject "$2" -- "$3"
