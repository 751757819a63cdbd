// Package mapping says what equals what on two mail servers: folders by role, name and path, messages by their
// keys, flags as sets. It does no I/O and keeps no state; everything is a function of its arguments.
//
// # Words
//
//   - path: a folder's decoded segments, without separators ([Path])
//   - role: the special use of a folder (RFC 6154), told by attributes or by a default name ([Role])
//   - default name: a name under which some server or client makes the folder of a role, in any language
//   - key: what a cheap listing tells about a message; equal keys propose a pair ([Key], [Pair])
//   - text: what stands behind a message's header, for servers that rewrite headers ([TextSum])
//   - source, destination: the old and the new server; below and above are messages on them
//   - plan: where each folder of the source goes ([Plan])
//
// # Names
//
// What a name means is judged by package names, which knows default names in many languages; [Tree.Read] asks it
// once for each side, in the languages that the names of that tree speak, and weighs it against attributes and what
// the admin says ([Overrides]). A name of several roles ("Lixo" is trash here and junk there) is decided by what the
// rest of the tree leaves to it; else it has no role but a doubt, and nothing is created under it all the same.
//
// # Families of servers
//
// A server is of a [Family] if it says so or if the whole tree has marks that people do not make. That decides four
// things, on the source alone: the folders that such a server makes itself are preferred to those of the same role that
// mail clients made ("Draft" at Yahoo to "Drafts"); on Exchange, whose folders without mail come together and in one
// language, a name that one source alone has, or a short one, is believed for such a role when it is free; where every
// folder lies below "INBOX." without a namespace that says so, those names are read as at the top; and plans tell it.
// No family gives a role to a name that package names does not know for it. What no family explains stays as it is.
//
// # Where a folder goes
//
// [NewPlan] applies these rules in order:
//
//  1. \Noselect and \NonExistent names, folders that only show other folders' messages (\All, \Flagged,
//     \Important, as attributes), names listed twice and names without a path are skipped; Why tells.
//     What lies in a view of all messages alone would be lost with it: that is told as a doubt, and an override
//     has the folder copied as any other.
//  2. The source's personal prefix is taken off and the destination's put before. INBOX goes to INBOX; children
//     of INBOX stay its children, unless the destination keeps every folder there.
//  3. What cannot stand in a name on the destination is escaped ([EscapeSegment]): "a/b" becomes "a=2Fb".
//  4. Roles, as [Tree.Read] tells. Of several folders with one role one is given it: the stronger [Evidence], then
//     the destination's own path, then order. It goes to the destination's folder of that role, found in the same
//     way, with all its children. If there is none, it is created: in the language that the destination's own default
//     folders speak, under the name that the table is sure of ([names.Title]), where it has one and the languages
//     that are about as likely agree on it; else as Drafts, Sent Items, Deleted Items, Junk E-Mail or Archive, as in
//     a mailbox of which only INBOX is known. The others of that role go there too if they surely have it: by attribute, by a default name or a
//     spelling of it. Those that are less sure keep their own names.
//  5. All other folders keep their own names. One that has the very path of a role folder is merged with it:
//     several source folders then have one Dest, and one of them is Primary: the one with the equal path, else
//     the winner, else the first.
//  6. A folder at the top that would be created under a default name is set aside: "Gesendet" becomes
//     "Gesendet (old)". Under a name that the destination has already nothing is created, so it
//     stays.
//  7. A name that is too long for the destination is cut short and ends in a hash of the whole ([Shorten]): that one is
//     in the plan, where the folder comes from, and leads to it as long as both servers are blended. How much a
//     destination takes is told ([PlanOptions].NameLimit), or what file systems take is assumed. How long whole paths
//     may be is not known.
//     What the destination refuses when it is to be made is spelt strictly: "a{b" becomes "a=7Bb" ([EscapeStrictly]). Who
//     makes the folders finds that out and says so ([PlanOptions].Refused); a folder that has a strict name already is
//     taken for the one that it was made for.
//  8. Names that would still fall together are numbered: "work (2)" beside "Work" where the destination does not
//     tell them apart, "Sent (old) (2)" beside a folder that had that name before.
//
// Every folder of the source has exactly one decision; two have the same Dest only if Why says that they are
// merged; and a plan made again after it was carried out decides the same, with every folder Existing.
//
// Folders below the prefixes of other users' and shared namespaces (RFC 2342, [Tree].Foreign) are skipped: every
// account lists them, so every account would copy them. An override moves one. All other folders outside the
// personal prefix are taken for the user's own.
package mapping
