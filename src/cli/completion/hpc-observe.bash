# Completion of hpc-observe for bash: `source <(hpc-observe completion bash)`, or as
# /usr/share/bash-completion/completions/hpc-observe.
_hpc_observe() {
  local line=${COMP_LINE:0:COMP_POINT} cur=${COMP_WORDS[COMP_CWORD]} word
  COMPREPLY=()
  while IFS= read -r word; do
    case $word in
      :files) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
      :folders) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
      *) COMPREPLY+=("${word%%$'\t'*}") && continue ;;
    esac
    compopt +o nospace -o filenames 2>/dev/null
  done < <("$1" completion bash --line "$line" 2>/dev/null)
}
complete -o nospace -F _hpc_observe hpc-observe
