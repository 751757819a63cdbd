// Generate makes table.txt, the table of default folder names that is embedded in package names, out of
// names.tsv: source, language (und: not told), role and name as found, one a line, so that every name can be
// traced to where it was read. It reads nothing else.
//
// A line of the table is a role, a tab and a folded name (names.Fold); lines are sorted by name. Of the
// roles in names.tsv only the six that are carried are in the table. A name that sources give to several roles
// gets the role "?", which is none, unless one lone source stands against at least ten that agree: that is a
// slip of a translation.
package main
