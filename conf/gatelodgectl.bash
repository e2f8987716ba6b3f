# Completion of gatelodgectl for bash.  It asks the program itself, which
# answers from its table of verbs.
# shellcheck shell=bash

# _gatelodgectl_verbs PROGRAM - a line for each verb, as --help shows them
_gatelodgectl_verbs() {
	"$1" --help 2>/dev/null | sed -n 's/^  \([a-z].*\)/\1/p'
}

_gatelodgectl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local plain=() line i

	COMPREPLY=()
	if [[ $before == -c || $before == --config ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --config | --language) ((i++)) ;;
		-*) ;;
		*) plain+=("${COMP_WORDS[i]}") ;;
		esac
	done
	line=$(_gatelodgectl_verbs "${COMP_WORDS[0]}")
	# An object that says by itself what is done has a verb without a name.
	if grep -q -- "^${plain[0]-} [A-Z]" <<<"$line"; then
		plain=("${plain[0]}" '' "${plain[@]:1}")
		line=$(grep -- "^${plain[0]} " <<<"$line" |
			sed "s/^${plain[0]} /& /")
	fi
	case ${#plain[@]} in
	0) line=$(cut -d ' ' -f 1 <<<"$line" | sort -u) ;;
	1) line=$(sed -n "s/^${plain[0]} \([^ ]*\).*/\1/p" <<<"$line") ;;
	*)
		line=$(grep -- "^${plain[0]} ${plain[1]}\( \|$\)" <<<"$line")
		if [[ $word != -* && $line == *FILE* ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
		fi
		line=$(grep -o -- '--[a-z-]*' <<<"$line")
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$line" -- "$word")
}

complete -F _gatelodgectl gatelodgectl
