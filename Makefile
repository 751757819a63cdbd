# make test is what a build machine runs. It needs Go, Debian 12 and root, installs the mail servers that the tests
# talk to, and tries everything with small counts. make soak runs the full counts and takes hours.

GO      ?= go
VERSION ?=
IMAGE   ?= crossfade

# Seconds for each fuzz target beyond its corpus, and how often things are killed and cut off.
FUZZ  ?= 4
# WORST is how many messages the worst destination of all is sent.
WORST ?= 1000
KILLS ?= 20
CUTS  ?= 20
# The size of the move that all of that happens to.
ACCOUNTS ?= 3
MESSAGES ?= 150
# Rows of switches of the stand-in for SmarterMail that a mailbox moves under; there are some 50.
SWITCHES ?= 12
# Sessions and accounts that work while both servers are restarted.
SESSIONS ?= 20
CROWD    ?= 5
RESTARTS ?= 6
TIMEOUT  ?= 40m
# How many times as many random worlds, power cuts and scripts.
SOAK     ?= 1
export CROSSFADE_TEST_WORST = $(WORST)
export CROSSFADE_TEST_SWITCHES = $(SWITCHES)
export CROSSFADE_TEST_KILLS = $(KILLS)
export CROSSFADE_TEST_CUTS = $(CUTS)
export CROSSFADE_TEST_ACCOUNTS = $(ACCOUNTS)
export CROSSFADE_TEST_MESSAGES = $(MESSAGES)
export CROSSFADE_TEST_SESSIONS = $(SESSIONS)
export CROSSFADE_TEST_CROWD = $(CROWD)
export CROSSFADE_TEST_RESTARTS = $(RESTARTS)
export CROSSFADE_SOAK = $(SOAK)

.PHONY: build test soak servers lint unit integration fuzz bench bench-move demo image clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/crossfade ./cmd/crossfade

test: servers lint integration fuzz

soak:
	$(MAKE) test WORST=10000 SWITCHES=1000 KILLS=1000 CUTS=1000 ACCOUNTS=20 MESSAGES=2000 SESSIONS=200 CROWD=50 RESTARTS=200 SOAK=20 TIMEOUT=12h FUZZ=600

servers:
	testdata/server/server install

lint:
	$(GO) vet -tags integration ./...
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "gofmt would change:"; echo "$$bad"; exit 1; fi
	@if command -v golangci-lint >/dev/null; then golangci-lint run; fi

# What needs no mail server.
unit:
	$(GO) test -race ./...

# All tests: the tag adds those that start real servers.
integration:
	$(GO) test -race -tags integration -timeout $(TIMEOUT) ./...

fuzz:
	testdata/check/fuzz.sh $(FUZZ)

# Ratios against the source itself and against mbsync.
bench: servers
	$(GO) test -tags integration -timeout 20m -run '^$$' -bench . ./cmd/crossfade

# Crossfade and its peers move the same mailboxes: a table of rates, CPU and memory, in some 20 minutes on an idle
# machine. A short look: make bench-move MOVE="-sizes 10000x4KB -delays 0,100 -tools crossfade,mbsync"
bench-move: servers
	$(GO) run ./internal/testbed/benchmove $(MOVE)

demo: build
	bin/crossfade demo

# Without a container engine the Dockerfile is checked by a test.
image:
	@if docker version >/dev/null 2>&1; then docker build --build-arg VERSION=$(VERSION) -t $(IMAGE) .; \
	else echo "no container engine answers here; checking the Dockerfile only"; $(GO) test -count=1 -run Dockerfile ./cmd/crossfade; fi

clean:
	rm -rf bin
