package probe

import (
	"strings"

	"github.com/emersion/go-imap/v2"
)

// lack is a capability and what it costs to do without.
type lack struct {
	check string
	any   []imap.Cap // one of them is enough
	level Level
	cost  string
	do    string
}

// sourceLacks are what the source had better offer.
func sourceLacks() []lack {
	return []lack{
		{"idle", []imap.Cap{imap.CapIdle, imap.CapIMAP4rev2}, Yellow, "new mail there is seen by asking again and again", ""},
		{"condstore", []imap.Cap{imap.CapCondStore, imap.CapQResync}, Green, "changed flags are found by listing all flags of a folder", ""},
		{"qresync", []imap.Cap{imap.CapQResync}, Green, "what was deleted is found by listing all UIDs of a folder", ""},
		{"special-use", []imap.Cap{imap.CapSpecialUse, "XLIST", imap.CapIMAP4rev2}, Yellow, "Sent, Drafts, Trash and Junk are told by their names",
			"look at 'plan' below: is each where it belongs?"},
		{"namespace", []imap.Cap{imap.CapNamespace, imap.CapIMAP4rev2}, Green, "the prefix of its folders is guessed from the tree", ""},
		{"literal-plus", []imap.Cap{imap.CapLiteralPlus, imap.CapLiteralMinus, imap.CapIMAP4rev2}, Green, "names in odd letters take a round trip more", ""},
		{"compress", []imap.Cap{"COMPRESS=DEFLATE"}, Green, "mail travels at its full size, whatever the line is", ""},
	}
}

// destinationLacks are what the destination had better offer.
func destinationLacks() []lack {
	return []lack{
		{"uidplus", []imap.Cap{imap.CapUIDPlus, imap.CapIMAP4rev2}, Yellow, "each copy must be looked for after it was written, and deleting takes care not to take other mail along", ""},
		{"literal-plus", []imap.Cap{imap.CapLiteralPlus, imap.CapLiteralMinus, imap.CapIMAP4rev2}, Yellow, "every message waits for one round trip before it is sent", "put the proxy near it"},
		{"multiappend", []imap.Cap{"MULTIAPPEND"}, Green, "one command for each message: about a third of the speed on a near server", ""},
		{"move", []imap.Cap{imap.CapMove, imap.CapIMAP4rev2}, Yellow, "a client's MOVE of copied mail becomes COPY and EXPUNGE", ""},
		{"idle", []imap.Cap{imap.CapIdle, imap.CapIMAP4rev2}, Yellow, "new mail there is shown only after the next look, some seconds later", ""},
		{"condstore", []imap.Cap{imap.CapCondStore, imap.CapQResync}, Green, "changed flags are found by listing all flags of a folder", ""},
		{"special-use", []imap.Cap{imap.CapSpecialUse, "XLIST", imap.CapIMAP4rev2}, Yellow, "Sent, Drafts, Trash and Junk are told by their names, in over a hundred languages",
			"look at 'plan' below: does each go where it belongs?"},
		{"namespace", []imap.Cap{imap.CapNamespace, imap.CapIMAP4rev2}, Green, "the prefix of its folders is guessed from the tree", ""},
		{"binary", []imap.Cap{"BINARY", imap.CapIMAP4rev2}, Green, "messages with NUL bytes may be refused: they stay readable from the old server and are reported", ""},
		{"unselect", []imap.Cap{imap.CapUnselect, imap.CapIMAP4rev2}, Green, "before a folder is deleted another has to be opened", ""},
		{"quota", []imap.Cap{"QUOTA"}, Yellow, "whether there is room shows only when it is full", "see to the room yourself"},
		{"appendlimit", []imap.Cap{"APPENDLIMIT"}, Green, "the largest message it takes shows only when one is refused", ""},
		{"compress", []imap.Cap{"COMPRESS=DEFLATE"}, Green, "mail travels at its full size, whatever the line is", ""},
	}
}

// offers tells whether one of the capabilities is there; APPENDLIMIT=1000 counts for APPENDLIMIT.
func (l lack) offers(caps imap.CapSet) bool {
	for _, want := range l.any {
		if caps.Has(want) {
			return true
		}
		for has := range caps {
			if strings.HasPrefix(string(has), string(want)+"=") {
				return true
			}
		}
	}
	return false
}

// capabilities tells what is offered after login, and what each lack costs.
func capabilities(n notes, caps imap.CapSet) {
	n.green("capabilities", "%s", capText(caps))
	lacks := sourceLacks()
	if n.side == Destination {
		lacks = destinationLacks()
	}
	for _, l := range lacks {
		if !l.offers(caps) {
			n.tell(Finding{Side: n.side, Check: l.check, Level: l.level, Text: "no " + string(l.any[0]) + ": " + l.cost, Do: l.do})
		}
	}
}
