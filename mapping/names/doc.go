// Package names says what the name of a folder may mean: which default folder, in which languages, and how sure
// one may be. It knows names only. What attributes, the rest of a tree and an admin say is weighed in package
// mapping, which asks here.
//
// # Words
//
//   - role: what a folder is for ([Role])
//   - default name: a name under which some server or client makes the folder of a role, in any language
//   - sense: one role that a name may have, with the languages in which it has it ([Sense])
//   - vote: what all names of a mailbox say of its languages ([Languages])
//   - verdict: the role that a name has in one mailbox, or why that is in doubt ([Judge])
//
// # How a name is recognised
//
// The first rule that finds something ends the search:
//
//  1. name: the folded name ([Fold]) stands in the table. The table is made from names.tsv, which keeps the source of
//     every name; roles count by how many sources give them. What is known to be a slip stands in corrections.tsv.
//  2. number: a small number behind the name, as servers append it when a name is taken.
//  3. spelling: accents are missing, letters are replaced as writers of the language do, simplified and traditional
//     characters; see loosen. Accents that no name of the table has make another word.
//  4. words: the name is made of words for one role and of fillers (items, messages, folder ...), all of one language
//     and nothing left over. The words are learned from names.tsv and told in words.tsv; package learn says how.
//
// There is no fuzzy distance. Anything left over, "Sent to clients" or "Inbox 2019", makes a name somebody's own.
//
// # How a folder is named
//
// [Title] is the other way round: the name under which the folder of a role is made in a language, in the spelling
// that most sources use. titles.txt has only names of one role, whatever the language, that two sources give.
//
// # Doubt
//
// A name of several roles has a role if the mailbox's languages make one of them clear; else [Verdict.Doubt] says
// so, and [Senses] what is left to choose from. What names of one's own have too (a number behind a blank, "mail
// archive", a word that one translator alone took for a default name) is doubted as well.
package names
