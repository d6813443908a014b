# Completion of hpc-observe for fish: `hpc-observe completion fish | source`, or as
# ~/.config/fish/completions/hpc-observe.fish.
function __hpc_observe
    set -l tokens (commandline --cut-at-cursor --current-process --tokenize)
    for word in ($tokens[1] completion fish --line (commandline --cut-at-cursor --current-process | string collect) 2>/dev/null)
        switch $word
            case ':files'
                __fish_complete_path (commandline --cut-at-cursor --current-token)
            case ':folders'
                __fish_complete_directories (commandline --cut-at-cursor --current-token)
            case '*'
                echo $word
        end
    end
end
complete --command hpc-observe --no-files --keep-order --arguments '(__hpc_observe)'
