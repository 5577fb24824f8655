# The four commands of the project. Each installs what it needs first, and only what is missing.
.PHONY: setup build demo test bench bench-steps bench-kernels peers install-kernels sanitize

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

# The kernels as a C library: make install-kernels PREFIX=/usr/local
PREFIX = /usr/local
install-kernels: setup
	cmake -S Sources/CKernels -B .build/kernels -DCMAKE_INSTALL_PREFIX="$(PREFIX)"
	cmake --build .build/kernels --parallel
	cmake --install .build/kernels

sanitize:
	@scripts/sanitize

# The speed of Seq-U-Net, TCN and WaveNet; beside PyTorch's where `make peers` was run. OPTIONS=--quick: a minute.
bench: build
	$(PROGRAM) bench sequence $(OPTIONS)

# Training steps of all networks beside PyTorch's, a process each.
bench-steps: setup peers
	@scripts/bench

bench-kernels: setup
	@scripts/bench-kernels $(OPTIONS)

peers:
	@scripts/peers
