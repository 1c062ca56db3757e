# The local server in a container, for who has Docker and no Go:
#
#   docker build -t fullmakt .
#   docker run --rm -p 127.0.0.1:8080:8080 -v fullmakt:/data fullmakt
#
# It is `make run`: the portal with demo data, on http://127.0.0.1:8080. The port
# has to be 8080 outside too, for the links in mails, or --portal-url says another.
# Publish it on 127.0.0.1 only: engines that hide who calls (Docker Desktop, rootless
# ones) show everybody as the machine itself, which may read all mail.
#
# Where there is no registry the image of Go may be one made by hand, of which no
# more is asked than go, a shell, mkdir and CA certificates. With those in ROOT:
#
#   tar -C ROOT -c . | docker import --change 'ENV PATH=/usr/local/go/bin:/bin' - go-here
#   docker build --network host --build-arg GO_IMAGE=go-here -t fullmakt .
ARG GO_IMAGE=golang:1.26.8-bookworm

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags '-s -w' -o /out/fullmakt ./cmd/fullmakt && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/fullmakt /fullmakt
# A volume takes over whose its folder is.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/fullmakt"]
CMD ["serve", "--addr", "0.0.0.0:8080", "--container", "--data", "/data", "--demo"]
