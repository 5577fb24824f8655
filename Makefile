# The four commands of the project. Each installs what it needs first, and only what is missing.
.PHONY: setup build demo test bench bench-kernels peers

BUILD = swift build -c release
PROGRAM = .build/release/swiftdl

setup:
	@scripts/setup

build: setup
	$(BUILD) --product swiftdl

demo: build
	@scripts/demo $(PROGRAM)

test: setup
	@scripts/test

bench: setup peers
	@scripts/bench

bench-kernels: setup
	@scripts/bench-kernels $(OPTIONS)

peers:
	@scripts/peers
