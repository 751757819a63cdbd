package mapping

import (
	"slices"
	"strings"

	"crossfade/mapping/names"
)

// Family is a kind of mail server, as the server itself or the shape of a whole tree shows it. The zero value is any
// other.
type Family string

// The families.
const (
	Exchange    Family = "exchange" // and groupware that has the same folders
	Zimbra      Family = "zimbra"
	OpenXchange Family = "open-xchange"
	Gmail       Family = "gmail"
	Yahoo       Family = "yahoo"
	GMX         Family = "gmx" // and WEB.DE
	MailRu      Family = "mail.ru"
	Yandex      Family = "yandex"
	QQ          Family = "qq"
	NetEase     Family = "netease" // 163.com, 126.com, yeah.net
	Naver       Family = "naver"
	Daum        Family = "daum"
	Dovecot     Family = "dovecot"
	Cyrus       Family = "cyrus"
	Courier     Family = "courier"
	Rooted      Family = "inbox-rooted" // Courier, or Cyrus or Dovecot set up like it: every folder lies below "INBOX."
)

// String names the family for people.
func (f Family) String() string {
	if name := titlesOfFamilies[f]; name != "" {
		return name
	}
	return string(f)
}

var titlesOfFamilies = map[Family]string{
	Exchange: "Exchange", Zimbra: "Zimbra", OpenXchange: "Open-Xchange", Gmail: "Gmail", Yahoo: "Yahoo", GMX: "GMX or WEB.DE",
	MailRu: "Mail.ru", Yandex: "Yandex", QQ: "QQ", NetEase: "NetEase", Naver: "Naver", Daum: "Daum", Dovecot: "Dovecot", Cyrus: "Cyrus",
	Courier: "Courier", Rooted: "Courier (or Cyrus, Dovecot)",
}

// FamilyOf says what a server's capabilities tell; has is asked for one at a time. Most servers tell nothing.
func FamilyOf(has func(capability string) bool) Family {
	for _, c := range []struct {
		capability string
		family     Family
	}{
		{"X-GM-EXT-1", Gmail}, {"XYMHIGHESTMODSEQ", Yahoo}, {"CLIENTACCESSRULES", Exchange}, {"ACL2=UNION", Courier},
		{"X-REPLICATION", Cyrus}, {"SNIPPET=FUZZY", Dovecot},
	} {
		if has(c.capability) {
			return c.family
		}
	}
	return ""
}

// shape is a family's mark: names that no other server makes, and its own default folders, folded.
type shape struct {
	family Family
	all    []string        // each of them is at the top
	some   []string        // and at least least of these
	least  int             //
	own    map[string]Role // what the server's own names mean there, whatever else they mean elsewhere
}

// shapes are asked in this order. A mark is a folder that people do not make: with less a tree has no family.
var shapes = []shape{
	{Zimbra, []string{"emailed contacts"}, []string{"chats", "contacts", "calendar", "tasks", "briefcase", "notebook"}, 1,
		map[string]Role{"sent": Sent, "drafts": Drafts, "junk": Junk, "trash": Trash}},
	{OpenXchange, []string{"confirmed ham", "confirmed spam"}, nil, 0, nil},
	{Yahoo, []string{"draft"}, []string{"bulk mail", "bulk"}, 1,
		map[string]Role{"draft": Drafts, "bulk mail": Junk, "bulk": Junk, "sent": Sent, "trash": Trash}},
	{GMX, []string{"spamverdacht", "gesendet"}, []string{"entwürfe", "gelöscht", "outbox", "unbekannt"}, 2,
		map[string]Role{"spamverdacht": Junk, "gesendet": Sent, "entwürfe": Drafts, "gelöscht": Trash, "outbox": Outbox}},
	{GMX, []string{"unbekannt", "entwurf", "gesendet", "papierkorb"}, nil, 0,
		map[string]Role{"entwurf": Drafts, "gesendet": Sent, "papierkorb": Trash, "spam": Junk}},
	{QQ, []string{"其他文件夹"}, []string{"sent messages", "deleted messages", "junk", "drafts"}, 3,
		map[string]Role{"sent messages": Sent, "deleted messages": Trash, "junk": Junk, "drafts": Drafts}},
	{NetEase, []string{"草稿箱", "已发送"}, []string{"病毒文件夹", "广告邮件", "订阅邮件"}, 1,
		map[string]Role{"草稿箱": Drafts, "已发送": Sent, "已删除": Trash, "垃圾邮件": Junk}},
	{Naver, []string{"내게쓴메일함"}, nil, 0,
		map[string]Role{"sent messages": Sent, "임시보관함": Drafts, "스팸메일함": Junk, "deleted messages": Trash}},
	{Daum, []string{"내게쓴편지함"}, nil, 0,
		map[string]Role{"sent messages": Sent, "drafts": Drafts, "스팸편지함": Junk, "deleted messages": Trash}},
	{Yandex, []string{"outbox", "drafts", "sent", "spam", "trash", `inbox \noinferiors`}, nil, 0,
		map[string]Role{"outbox": Outbox, "drafts": Drafts, "sent": Sent, "spam": Junk, "trash": Trash}},
	{MailRu, []string{"спам", "отправленные", "черновики", "корзина"}, []string{"inbox/newsletters", "inbox/social", "inbox/news", "inbox/tomyself", "inbox/receipts"}, 2,
		map[string]Role{"спам": Junk, "отправленные": Sent, "черновики": Drafts, "корзина": Trash}},
}

// recognize finds the family of the tree that is read, and what its own names mean: by what the server told, else by
// its shape.
func (r *reader) recognize() {
	marks := r.marks()
	for _, s := range shapes {
		told := r.tree.Server == "" || r.tree.Server == s.family
		if told && s.matches(marks) {
			r.family, r.own = s.family, s.own
			return
		}
	}
	switch {
	case r.tree.Server != "":
		r.family = r.tree.Server
	case marks["[gmail]/"]:
		r.family = Gmail
	case r.office():
		r.family = Exchange
	case r.rooted:
		r.family = Rooted
	}
}

func (s *shape) matches(marks map[string]bool) bool {
	for _, m := range s.all {
		if !marks[m] {
			return false
		}
	}
	n := 0
	for _, m := range s.some {
		if marks[m] {
			n++
		}
	}
	return n >= s.least
}

// marks are the folded names at the top, those below INBOX behind "inbox/", and what else tells families apart.
func (r *reader) marks() map[string]bool {
	marks := map[string]bool{}
	for i := range r.tree.Folders {
		n := &r.tree.Folders[i]
		rel, _ := r.tree.below(n.Path)
		switch {
		case n.Path.IsInbox():
			if slices.ContainsFunc(n.Attrs, func(a string) bool { return strings.EqualFold(a, `\NoInferiors`) }) {
				marks[`inbox \noinferiors`] = true
			}
		case r.names[i] == "":
		case inGmail(rel):
			marks["[gmail]/"] = true
		case r.below[i]:
			marks["inbox/"+names.Fold(r.names[i])] = true
		default:
			marks[names.Fold(r.names[i])] = true
		}
	}
	return marks
}

// minor tells of roles whose folders a mail client hides or hardly shows. Exchange makes all of them, in one language.
func minor(r Role) bool { return !r.Carried() && !r.View() && r != "" }

// office tells whether the tree has the folders that Exchange makes: in one language the calendar or the contacts and
// three more of those that hold no mail, and one that hardly any other server makes; that one may have kept its English
// name. Without it five must be there.
func (r *reader) office() bool {
	rare := r.rare()
	for _, v := range r.vote {
		if v.Weight < r.vote[0].Weight/2 {
			break
		}
		has := map[Role]bool{}
		for i, name := range r.names {
			if name == "" || r.below[i] {
				continue
			}
			for _, s := range names.Senses(name) {
				if minor(s.Role) && s.Role != Templates && spoken(s.Languages, []names.Vote{v}) {
					has[s.Role] = true
				}
			}
		}
		if (len(has) >= 5 || len(has) == 4 && rare) && (has[names.Calendar] || has[names.Contacts]) {
			return true
		}
	}
	return false
}

// rare tells whether a folder at the top surely is the journal, or has conversations or sync issues.
func (r *reader) rare() bool {
	for i := range r.out {
		switch r.out[i].Role {
		case names.Journal, names.History, names.Sync:
			if !r.below[i] {
				return true
			}
		}
	}
	return false
}

// foldersOfServer reads the family's own names, and where Exchange made the tree those of its minor roles.
func (r *reader) foldersOfServer() {
	for i := range r.out {
		o := &r.out[i]
		role := r.own[names.Fold(r.names[i])]
		if role == "" || r.names[i] == "" || r.below[i] || o.Evidence.weight() > ByFamily.weight() || !r.open(i) {
			continue
		}
		language := ""
		if v := r.judge(i); v.Role == role {
			language = v.Language
		}
		*o = Reading{Role: role, Language: language, Evidence: ByFamily, Confidence: 0.95}
	}
	if r.family == Exchange {
		r.together()
	}
}

// open tells whether folder i may have a role by its name.
func (r *reader) open(i int) bool {
	n := &r.tree.Folders[i]
	return n.selectable() && !r.tree.foreign(n)
}

// together gives the minor roles of an Exchange tree with less proof, since such folders come together and in one
// language: a name that stands in doubt because one source alone has it, or because it is short or has lost its
// accents, and has no other role that is free. What is composed ("Notes Müller") proves nothing here either.
func (r *reader) together() {
	has := r.roles()
	found := map[int]Role{}
	wanted := map[Role]int{}
	for i := range r.out {
		o := &r.out[i]
		if minor(o.Role) && o.Evidence.weight() < ByFamily.weight() && spoken([]string{o.Language}, r.vote) {
			o.Confidence = max(o.Confidence, 0.9)
		}
		if o.Role != "" || o.Evidence != "" || o.Doubt == "" || r.below[i] || !r.open(i) {
			continue
		}
		if role := r.onlyMinor(r.names[i], has); role != "" {
			found[i] = role
			wanted[role]++
		}
	}
	for i, role := range found {
		if wanted[role] == 1 {
			r.out[i] = Reading{Role: role, Language: first(r.vote), Evidence: ByFamily, Confidence: 0.8}
		}
	}
}

// onlyMinor returns the one role that is left for a name in the languages of this mailbox, if it is a minor one.
func (r *reader) onlyMinor(name string, has map[Role]bool) (only Role) {
	for _, s := range names.Senses(name) {
		if has[s.Role] || !spoken(s.Languages, r.vote) {
			continue
		}
		alone := s.Rule == names.ByName || s.Confidence >= 0.5
		if !minor(s.Role) || !alone || only != "" {
			return ""
		}
		only = s.Role
	}
	return only
}

// isRooted tells of a server that keeps every folder below INBOX and does not say so: what is there stands at the top.
// Two default folders for mail must be among them, or it is a mailbox whose user files below the inbox.
func (r *reader) isRooted() bool {
	if r.tree.Separator != "." || len(r.tree.prefix()) > 0 && !r.tree.prefix().IsInbox() {
		return false
	}
	has := map[Role]bool{}
	for i := range r.tree.Folders {
		n := &r.tree.Folders[i]
		if n.Path.IsInbox() || r.tree.foreign(n) {
			continue
		}
		if len(n.Path) < 2 || !n.Path[:1].IsInbox() {
			return false
		}
		if r.names[i] != "" {
			if v := names.Judge(r.names[i], r.vote); v.Role.Carried() && v.Role != Inbox {
				has[v.Role] = true
			}
		}
	}
	return len(has) >= 2
}
