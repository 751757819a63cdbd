package mapping

import "crossfade/mapping/names"

// nearly is how close to the strongest language of the destination another one is that speaks as well: of Danish and
// Norwegian, or with one folder that many languages call the same.
const nearly = 1.5

// tongues are the languages that the destination's own default folders speak about equally, the strongest first; none
// where most have SmarterMail's English names, or where there is no such folder but INBOX. What a user made there says
// nothing, nor do folders that plans create under names of their own.
func (p *planner) tongues() []string {
	if p.language != "" {
		return []string{p.language}
	}
	var spoken []string
	english := 0
	for i, r := range p.theirs {
		name, below := p.dest.topName(&p.dest.Folders[i])
		switch {
		case name == "" || below || !r.Role.Carried() || r.Role == Inbox || !r.certain():
		case name == created(r.Role):
			english++
		default:
			spoken = append(spoken, name)
		}
	}
	if english >= len(spoken) {
		return nil
	}
	var out []string
	vote := names.Languages(spoken)
	for _, v := range vote {
		if v.Weight*nearly > vote[0].Weight {
			out = append(out, v.Language)
		}
	}
	return out
}

// title is the name under which the folder of a role is created in the destination's language: where the table has a
// sure one and the languages in question agree on it; else "". A mailbox with folders of another language's default
// names cannot change its own any more, and shows its user two languages at once.
func title(role Role, tongues []string) string {
	own := ""
	for i, l := range tongues {
		name := names.Title(role, l)
		if name == "" || base(l) == "en" || i > 0 && name != own {
			return ""
		}
		own = name
	}
	return own
}
