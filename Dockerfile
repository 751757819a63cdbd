# Crossfade as one static binary in an empty image.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/crossfade ./cmd/crossfade \
 && mkdir -p /out/state /out/tmp

FROM scratch
LABEL org.opencontainers.image.title="crossfade" \
      org.opencontainers.image.description="IMAP proxy that moves mailboxes while people work in them" \
      org.opencontainers.image.licenses="MIT"
# The source and destination are checked against the usual certificate authorities.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/LICENSE /LICENSE
COPY --from=build --chown=65532:65532 /out/state /state
COPY --from=build --chown=65532:65532 --chmod=1777 /out/tmp /tmp
COPY --from=build /out/crossfade /crossfade
USER 65532:65532
ENV CROSSFADE_STATE=/state \
    CROSSFADE_IMAPS=:8993 \
    CROSSFADE_ADMIN=127.0.0.1:8080
VOLUME /state
# A port above 1024, because the image does not run as root: publish it with -p 993:8993.
EXPOSE 8993
# The image has no shell: the binary itself asks its own /healthz.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/crossfade", "health"]
ENTRYPOINT ["/crossfade"]
CMD ["serve"]
