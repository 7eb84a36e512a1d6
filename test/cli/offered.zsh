# zsh -f offered.zsh ROOT SCRIPT LINE...: what zsh offers at the end of each line, a word on each line, and `end` after each.
# ROOT is where zsh is unpacked. It runs in a terminal of its own, as completion wants one.
root=$1 script=$2; shift 2
pipe=$(mktemp -u); mkfifo -m 600 $pipe
module_path=($root/usr/lib/*/zsh/*(/N))
zmodload zsh/zpty
zpty -b shell "$root/bin/zsh" -f -i
zpty -w shell "
module_path=($module_path); fpath=($root/usr/share/zsh/functions/**/*(/)); PROMPT=; unsetopt beep
autoload -U compinit; compinit -u -D; source $script
compadd() {
  [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd \"\$@\"; return }
  local -a hits; builtin compadd -A hits \"\$@\"; (( \$#hits )) && print -rl -- \$hits >\$offered
  builtin compadd \"\$@\"
}
offered=$pipe
offer() { zle list-choices; print end >\$offered; zle kill-whole-line }
zle -N offer; bindkey '^X' offer
print end >$pipe"
exec {from}<>$pipe
while read -r word <&$from; [[ $word != end ]]; do :; done
for line; do
  zpty -w -n shell "$line"$'\x18'
  while read -r word <&$from; do print -r -- $word; [[ $word == end ]] && break; done
done
zpty -d shell; rm $pipe
