// Package learn makes what package names embeds out of names as they were found: a table of default names, and a
// vocabulary of the words that such names are made of. It is apart so that package evaluate can learn again without
// some of the sources. Nothing here runs on a server.
//
// # The table
//
// A line is a folded name with, for each role, how many sources give it the role in which language. Sources that
// name stored folders count twice; labels of a client's window count once. Dropped as slips of translations are a role
// that one lone label gives against ten sources that agree on another, and one that contradicts what the name's words
// are known to mean ("Sent" as the outbox). A name of one word that one lone label has is marked: with "?" where six
// sources agree on another name for that role, for it is often a word that people name folders of their own with; with
// "~" where it is so short that it may be a word of another language.
//
// A name for which no source tells a language gets those, up to three, in which its words have the role by the
// vocabulary: "Gelöschte Elemente" speaks for German.
//
// A name whose words are known to mean two roles in its language ("rubbish") gets both, whatever the sources say,
// unless eight agree: such names are left to the rest of the mailbox.
//
// # The vocabulary
//
// Words by language: those that speak for a role and those that servers put around them (fillers). Fillers are told
// by hand, or occur in names of several roles of one language and never alone. What is left of a name without the
// fillers at its ends is a word for its role, of one token or more; it is marked "?" when it is never a name by
// itself and one source alone has it.
//
// # Words by hand
//
// words.tsv holds general vocabulary with the source "crossfade": language ("mul": all), kind, and words with commas
// between. A kind is a role, a role with "?" (only with other words around), "filler", "mail" (fillers that speak of
// mail, which make rubbish junk mail) or "never" (negations and prepositions, which must not be learned as fillers:
// "not sent" is not sent). Words by hand beat what was learned.
package learn
