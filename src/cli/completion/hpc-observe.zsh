#compdef hpc-observe
# Completion of hpc-observe for zsh: `source <(hpc-observe completion zsh)`, or as _hpc-observe in a folder of
# $fpath.
_hpc_observe() {
  local line word help
  local -a closed open closed_help open_help
  line="${(j: :)words[1,CURRENT-1]} ${words[CURRENT][1,${#${:-$QIPREFIX$PREFIX}}]}"
  while IFS=$'\t' read -r word help; do
    case $word in
      :files) _files && return ;;
      :folders) _files -/ && return ;;
    esac
    if [[ $word == *' ' ]]; then
      closed+=("${word% }") closed_help+=("${word% }${help:+  -- $help}")
    else
      open+=("$word") open_help+=("$word${help:+  -- $help}")
    fi
  done < <("$words[1]" completion zsh --line "$line" 2>/dev/null)
  (( $#open )) && compadd -S '' -l -d open_help -a open
  (( $#closed )) && compadd -l -d closed_help -a closed
  (( $#open + $#closed ))
}
if [[ $funcstack[1] == _hpc-observe ]]; then _hpc_observe "$@"; else compdef _hpc_observe hpc-observe; fi
