package standin

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Directory is what the server knows of its domains and mailboxes. Names are compared without regard to case.
type Directory struct {
	locale    string // of domains that have none
	mu        sync.Mutex
	domains   map[string]*Domain
	mailboxes map[string]*Mailbox
	aliases   map[string]string // address -> mailbox
	lists     map[string]bool
	made      []func(Mailbox)
	language  []func(email, locale string) error
	cleaned   []func(email, folder string, olderThan time.Duration)
	removed   []func(email string)
}

// Domain is a mail domain.
type Domain struct {
	Name      string
	UserLimit int    // 0: any number
	Locale    string // of mailboxes that are made without one; "" is "en". Whether it is the domain's is a guess. Defensive.
	// MinPassword is the shortest password that is taken, Digit whether it must hold one.
	MinPassword int
	Digit       bool
	// Clean are the auto-clean rules; nil are those that a host documents: Junk E-Mail and Deleted Items after 30 days.
	Clean []Clean
}

// Clean is one auto-clean rule. Folder is a name as the server spells it in English.
type Clean struct {
	Folder   string
	Days     int
	Megs     int // by size, if Days is 0
	Disabled bool
}

// Mailbox is one user.
type Mailbox struct {
	Email, Password, FullName string
	AppPassword               string // the only one that mail protocols take if TwoFactor is set
	Locale                    string
	MaxSize                   int64
	Disabled, TwoFactor       bool
	PasswordExpired           bool
	DomainAdmin               bool
	Note                      string // a field that nobody knows: it must survive a change of the password
}

// Domain of an address, in lower case; "" if it has none.
func domainOf(email string) string {
	_, domain, _ := strings.Cut(email, "@")
	return strings.ToLower(domain)
}

// NewDirectory makes an empty one.
func NewDirectory() *Directory {
	return &Directory{domains: map[string]*Domain{}, mailboxes: map[string]*Mailbox{}, aliases: map[string]string{}, lists: map[string]bool{}}
}

// AddDomain adds or replaces a domain.
func (d *Directory) AddDomain(dom Domain) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if dom.Locale == "" {
		dom.Locale = cmp.Or(d.locale, "en")
	}
	if dom.Clean == nil {
		dom.Clean = []Clean{{Folder: "Junk E-Mail", Days: 30}, {Folder: "Deleted Items", Days: 30}}
	}
	d.domains[strings.ToLower(dom.Name)] = &dom
}

// AddMailbox adds a mailbox past all rules, and its domain if it is not there.
func (d *Directory) AddMailbox(m Mailbox) {
	d.mu.Lock()
	known := d.domains[domainOf(m.Email)] != nil
	d.mu.Unlock()
	if !known {
		d.AddDomain(Domain{Name: domainOf(m.Email)})
	}
	d.mu.Lock()
	if m.Locale == "" {
		m.Locale = d.domains[domainOf(m.Email)].Locale
	}
	d.mailboxes[strings.ToLower(m.Email)] = &m
	d.mu.Unlock()
	d.tellMade(m)
}

// AddAlias adds an address that leads to a mailbox, AddList one that leads to many.
func (d *Directory) AddAlias(alias, email string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.aliases[strings.ToLower(alias)] = strings.ToLower(email)
}

// AddList adds a mailing list.
func (d *Directory) AddList(list string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lists[strings.ToLower(list)] = true
}

// Mailbox returns a mailbox by its address.
func (d *Directory) Mailbox(email string) (Mailbox, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.mailboxes[strings.ToLower(email)]
	if m == nil {
		return Mailbox{}, false
	}
	return *m, true
}

// Remove removes a mailbox, with all that it holds for mail protocols, as an administrator does.
func (d *Directory) Remove(email string) {
	d.mu.Lock()
	delete(d.mailboxes, strings.ToLower(email))
	tell := slices.Clone(d.removed)
	d.mu.Unlock()
	for _, f := range tell {
		f(email)
	}
}

// OnRemoved is told of mailboxes that were removed. It is called with no lock held.
func (d *Directory) OnRemoved(tell func(email string)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.removed = append(d.removed, tell)
}

// Change changes a mailbox; it does nothing if there is none.
func (d *Directory) Change(email string, change func(*Mailbox)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := d.mailboxes[strings.ToLower(email)]; m != nil {
		change(m)
	}
}

// Domain returns a domain by its name.
func (d *Directory) Domain(name string) (Domain, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dom := d.domains[strings.ToLower(name)]
	if dom == nil {
		return Domain{}, false
	}
	return *dom, true
}

// Emails lists the mailboxes of a domain, in order.
func (d *Directory) Emails(domain string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, m := range d.mailboxes {
		if domainOf(m.Email) == strings.ToLower(domain) {
			out = append(out, m.Email)
		}
	}
	slices.Sort(out)
	return out
}

// OnMade is told of every mailbox, those that are there already included: other protocols make theirs then. It is called
// with no lock held.
func (d *Directory) OnMade(tell func(Mailbox)) {
	d.mu.Lock()
	var there []Mailbox
	for _, m := range d.mailboxes {
		there = append(there, *m)
	}
	d.made = append(d.made, tell)
	d.mu.Unlock()
	for _, m := range there {
		tell(m)
	}
}

func (d *Directory) tellMade(m Mailbox) {
	d.mu.Lock()
	tell := slices.Clone(d.made)
	d.mu.Unlock()
	for _, f := range tell {
		f(m)
	}
}

// OnLanguage is asked before a mailbox's language changes, and gives its default folders their new names; an error keeps
// the old language: a folder of the new name is there already.
func (d *Directory) OnLanguage(change func(email, locale string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.language = append(d.language, change)
}

// SetLanguage changes a mailbox's language.
func (d *Directory) SetLanguage(email, locale string) error {
	d.mu.Lock()
	change := slices.Clone(d.language)
	d.mu.Unlock()
	for _, f := range change {
		if err := f(email, locale); err != nil {
			return err
		}
	}
	d.Change(email, func(m *Mailbox) { m.Locale = locale })
	return nil
}

// OnClean deletes from a folder of a mailbox what is older than a time.
func (d *Directory) OnClean(clean func(email, folder string, olderThan time.Duration)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cleaned = append(d.cleaned, clean)
}

// RunClean lets all auto-clean rules that go by age act now, on every mailbox.
func (d *Directory) RunClean() {
	d.mu.Lock()
	clean := slices.Clone(d.cleaned)
	type job struct {
		email, folder string
		age           time.Duration
	}
	var jobs []job
	for _, m := range d.mailboxes {
		for _, c := range d.domains[domainOf(m.Email)].Clean {
			if !c.Disabled && c.Days > 0 {
				jobs = append(jobs, job{m.Email, c.Folder, time.Duration(c.Days) * 24 * time.Hour})
			}
		}
	}
	d.mu.Unlock()
	for _, j := range jobs {
		for _, f := range clean {
			f(j.email, j.folder, j.age)
		}
	}
}

// Errors of Create and SetPassword carry the codes of the API.
var (
	errInUse    = errors.New("USER_ADD_ERROR_NAME_IN_USE")
	errName     = errors.New("USER_ADD_ERROR_INVALID_NAME")
	errShort    = errors.New("USER_ADD_ERROR_PASSWORD_TOO_SHORT")
	errPolicy   = errors.New("USER_ADD_ERROR_PASSWORD_REQUIREMENTS")
	errLimit    = errors.New("USER_ADD_ERROR_USER_LIMIT_REACHED")
	errNoDomain = errors.New("The domain not found") // the server's own words
	errNoUser   = errors.New("User does not exist.")
)

// Create makes a mailbox under the rules of its domain. The words of errLimit and errPolicy are guesses. Defensive.
func (d *Directory) Create(m Mailbox) error {
	d.mu.Lock()
	err := d.create(&m)
	d.mu.Unlock()
	if err == nil {
		d.tellMade(m)
	}
	return err
}

func (d *Directory) create(m *Mailbox) error {
	key, dom := strings.ToLower(m.Email), d.domains[domainOf(m.Email)]
	local, _, _ := strings.Cut(key, "@")
	switch {
	case dom == nil:
		return errNoDomain
	case local == "" || strings.ContainsAny(local, " \t/\\@\"<>()"):
		return errName
	case d.mailboxes[key] != nil || d.aliases[key] != "" || d.lists[key]:
		return errInUse
	}
	if err := dom.accepts(local, m.Password); err != nil {
		return err
	}
	n := 0
	for _, o := range d.mailboxes {
		if domainOf(o.Email) == domainOf(m.Email) {
			n++
		}
	}
	if dom.UserLimit > 0 && n >= dom.UserLimit {
		return errLimit
	}
	if m.Locale == "" {
		m.Locale = dom.Locale
	}
	c := *m
	d.mailboxes[key] = &c
	return nil
}

// accepts is the domain's password policy.
func (dom *Domain) accepts(local, password string) error {
	switch {
	case len(password) < max(1, dom.MinPassword):
		return errShort
	case strings.EqualFold(password, local), dom.Digit && !strings.ContainsAny(password, "0123456789"):
		return errPolicy
	}
	return nil
}

// Authenticate tells whether mail protocols (IMAP, POP, SMTP, DAV) let a login in. Names without a domain are not taken.
func (d *Directory) Authenticate(login, secret string) (Mailbox, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.mailboxes[strings.ToLower(login)]
	switch {
	case m == nil:
		return Mailbox{}, errNoUser
	case m.Disabled:
		return Mailbox{}, fmt.Errorf("%s is disabled", m.Email)
	case m.TwoFactor && (m.AppPassword == "" || secret != m.AppPassword):
		return Mailbox{}, errors.New("an application password is needed")
	case !m.TwoFactor && secret != m.Password:
		return Mailbox{}, errors.New("wrong password")
	case m.PasswordExpired:
		return Mailbox{}, errors.New("the password has expired")
	}
	return *m, nil
}
