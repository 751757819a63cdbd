package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"crossfade/backfill"
)

// printParting tells how far an account is on its way out of the proxy, once any of its folders is.
func printParting(w io.Writer, p backfill.Parting) {
	unsettled := 0
	var waits []string
	for _, reason := range slices.Sorted(maps.Keys(p.Unsettled)) {
		n := p.Unsettled[reason]
		unsettled += n
		waits = append(waits, fmt.Sprintf("%d %s", n, reason))
	}
	if unsettled > 0 && (p.Native > 0 || p.SettleStopped) {
		fmt.Fprintf(w, "  %d of %d folders are settled; %s (crossfade settle)\n", p.Native, p.Native+unsettled, strings.Join(waits, ", "))
	}
	if p.SettleStopped {
		fmt.Fprintln(w, "  its settling is stopped")
	}
	if p.Stage == "settled" && p.AliasUsed != nil {
		fmt.Fprintf(w, "  old folder names are still used, last on %s (crossfade splice)\n", p.AliasUsed.UTC().Format("2006-01-02"))
	}
}
