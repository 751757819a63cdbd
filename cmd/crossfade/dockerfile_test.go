package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDockerfile reads the Dockerfile as far as a container engine would refuse it or an admin would mind.
func TestDockerfile(t *testing.T) {
	top := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(top, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	stages, last := dockerStages(string(text))
	if len(stages) < 2 {
		t.Fatalf("%d stages, want the build and the image apart", len(stages))
	}
	final := stages[len(stages)-1]
	for _, s := range stages {
		if image := s["FROM"][0]; image != "scratch" && (!strings.Contains(image, ":") || strings.Contains(image, ":latest")) {
			t.Errorf("FROM %s: no fixed version", image)
		}
	}
	for _, name := range []string{"USER", "HEALTHCHECK", "EXPOSE", "VOLUME", "ENTRYPOINT", "CMD"} {
		if len(final[name]) != 1 {
			t.Errorf("the image has %d %s, want one", len(final[name]), name)
		}
	}
	if u := strings.Join(final["USER"], ""); u == "" || strings.HasPrefix(u, "0") || strings.HasPrefix(u, "root") {
		t.Errorf("USER %q: the image must not run as root", u)
	}
	_, probe, _ := strings.Cut(strings.Join(final["HEALTHCHECK"], ""), "CMD ")
	for _, list := range []string{probe, strings.Join(final["ENTRYPOINT"], ""), strings.Join(final["CMD"], "")} {
		var words []string
		if json.Unmarshal([]byte(list), &words) != nil || len(words) == 0 {
			t.Errorf("%q is not a JSON list: the image has no shell", list)
		}
	}
	if last != "CMD" {
		t.Errorf("the last instruction is %s, want CMD", last)
	}
	checkCopies(t, top, stages)
	checkEnv(t, final["ENV"])
}

// checkCopies: what is copied from the build's context exists and .dockerignore lets it through.
func checkCopies(t *testing.T, top string, stages []map[string][]string) {
	t.Helper()
	ignore, err := os.ReadFile(filepath.Join(top, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stages {
		for _, c := range s["COPY"] {
			words := strings.Fields(c)
			if strings.HasPrefix(words[0], "--from") {
				continue
			}
			for _, w := range words[:len(words)-1] {
				if _, err := os.Stat(filepath.Join(top, w)); err != nil {
					t.Errorf("COPY %s: %v", w, err)
				}
				if w != "." && !strings.Contains(string(ignore), "!"+w+"\n") {
					t.Errorf("COPY %s: .dockerignore leaves it out", w)
				}
			}
		}
	}
	dirs, err := os.ReadDir(top)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		sources, err := filepath.Glob(filepath.Join(top, d.Name(), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if len(sources) > 0 && !strings.Contains(string(ignore), "!"+d.Name()+"\n") {
			t.Errorf(".dockerignore leaves out %s, which the build needs", d.Name())
		}
	}
}

// checkEnv: the variables mean something.
func checkEnv(t *testing.T, env []string) {
	t.Helper()
	for _, e := range env {
		for _, pair := range strings.Fields(e) {
			name, _, _ := strings.Cut(pair, "=")
			if !slices.ContainsFunc(known(), func(k string) bool { return envName(k) == name }) {
				t.Errorf("ENV %s is no setting", name)
			}
		}
	}
}

// dockerStages splits a Dockerfile: for each stage the arguments of its instructions by name. last is the name
// of the last instruction.
func dockerStages(text string) (stages []map[string][]string, last string) {
	text = strings.ReplaceAll(text, "\\\n", " ")
	for _, line := range strings.Split(text, "\n") {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		if name == "FROM" {
			stages = append(stages, map[string][]string{})
			rest, _, _ = strings.Cut(rest, " ")
		}
		if len(stages) > 0 {
			s := stages[len(stages)-1]
			s[name] = append(s[name], strings.TrimSpace(rest))
		}
		last = name
	}
	return stages, last
}
