// Package learn makes what package names embeds out of names as they were found: a table of default names, and a
// vocabulary of the words that such names are made of. It is apart so that package evaluate can learn again without
// some of the sources. Nothing here runs on a server.
//
// # The table
//
// A line is a folded name with, for each role, how many sources give it the role in which language. Sources that
// name stored folders count twice; labels of a client's window count once. A role that one lone label gives against
// ten that agree on another is a slip of a translation and is dropped. A name of one word that one lone label has,
// where six agree on another name for that role, is marked with "?": it is often a word of the language that people
// name folders of their own with.
//
// # The vocabulary
//
// Words by language: those that speak for a role and those that servers put around them (fillers). Fillers are told
// by hand, or occur in names of several roles of one language. What is left of a name without the fillers at its ends
// is a word for its role, of one token or more. Words by hand stand in words.tsv with the source "crossfade"; they
// are general vocabulary, beat what was learned, and can say "never" of a word that must not be taken for a filler:
// negations.
package learn
