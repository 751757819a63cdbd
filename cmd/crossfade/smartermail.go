package main

import (
	"bufio"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/text/language"

	"crossfade/backfill"
	"crossfade/backfill/driver/smartermail"
)

// languageAuto is the language of mailboxes that says: that of the old one.
const languageAuto = "auto"

// joinAPI joins the destination's mail driver with SmarterMail's API, if --destination-api says where that is.
func (s *settings) joinAPI(mail backfill.Driver, log *slog.Logger) (backfill.Driver, error) {
	d, err := s.apiDriver(mail, log)
	if err != nil || d == nil {
		return mail, err
	}
	return d, nil
}

// apiDriver is joinAPI with nil where there is no API.
func (s *settings) apiDriver(mail backfill.Driver, log *slog.Logger) (*smartermail.Driver, error) {
	if s.DestinationAPI == "" {
		for _, l := range []struct{ name, value string }{{"destination-api-user", s.DestinationAPIUser}, {"destination-api-password-file", s.DestinationAPIPassword},
			{"mailbox-language", s.MailboxLanguage}, {"mailbox-size", s.MailboxSize}} {
			if l.value != "" {
				return nil, usagef("--%s is about mailboxes that are made through the new server's API: give %s too", l.name, where("destination-api", "https://mail.example.com"))
			}
		}
		return nil, nil
	}
	o := smartermail.Options{URL: s.DestinationAPI, User: s.DestinationAPIUser, AllowPlain: s.AllowPlainUpstream, Log: log}
	if o.User == "" || s.DestinationAPIPassword == "" {
		return nil, usagef("--destination-api needs an administrator: give --destination-api-user NAME and --destination-api-password-file FILE")
	}
	var err error
	if o.Language, err = mailboxLanguage(s.MailboxLanguage); err != nil {
		return nil, err
	}
	if o.Bytes, err = size("mailbox-size", s.MailboxSize); err != nil {
		return nil, err
	}
	if o.Secret, err = secretFile("destination-api-password-file", s.DestinationAPIPassword); err != nil {
		return nil, err
	}
	d, err := smartermail.New(mail, o)
	if err != nil {
		return nil, usagef("--destination-api: %s", strings.TrimPrefix(err.Error(), "smartermail: "))
	}
	return d, nil
}

// mailboxLanguage reads --mailbox-language; "" is automatic.
func mailboxLanguage(text string) (string, error) {
	if text == "" || text == languageAuto {
		return "", nil
	}
	tag, err := language.Parse(text)
	if err != nil || tag == language.Und {
		return "", usagef("--mailbox-language %s: give a language such as de or pt-BR, or auto", text)
	}
	return text, nil
}

// secretFile reads the first line of a file that a flag names.
func secretFile(flag, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", usagef("--%s %s: %v", flag, path, cause(err))
	}
	defer f.Close() // it was only read
	line, err := bufio.NewReader(io.LimitReader(f, 4096)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", usagef("--%s %s: %v", flag, path, cause(err))
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usagef("--%s %s: its first line is empty", flag, path)
	}
	return line, nil
}
