# swiftvmm: see README.md. What runs something installs first what it needs and does not find (Scripts/setup); `build`,
# `images`, `lint` and `clean` install nothing.

SWIFT ?= swift
IMAGES := build/images
BINARY := build/swiftvmm
EMBEDDED := Sources/CGuestImages/images.S
# The text begins off a 2 MiB boundary: else kernels with large folios in the page cache map all of it at once, and a
# guest of 10 KiB seems to need 10 MiB.
# Exclusivity is checked at run time in the tests; a packet would spend half of its instructions on it.
RELEASE := -c release --static-swift-stdlib -Xswiftc -static-executable -Xlinker -Ttext-segment=0x410000 \
	-Xswiftc -enforce-exclusivity=unchecked

# Set-up comes before the build, and swift build is parallel itself.
.NOTPARALLEL:
.PHONY: run build images setup test test-host test-lab sanitize lab lint benchmark soak clean

# The main job: the same packets through each technology, with the exits of each. On a machine without KVM in the lab.
run: setup build
	@Scripts/run

build: $(EMBEDDED)
	@$(SWIFT) build $(RELEASE) --product swiftvmm
	@mkdir -p build
	@strip -o $(BINARY) .build/release/swiftvmm
	@echo "built $(BINARY)"

images:
	@$(MAKE) --no-print-directory -s -C GuestImages OUT=$(CURDIR)/$(IMAGES)

# Rewritten only when an image changed: its digest is in the file, so that the compiler sees the change.
$(EMBEDDED): images
	@Scripts/embed-images $(IMAGES) > $(EMBEDDED).new
	@if cmp -s $(EMBEDDED).new $(EMBEDDED); then rm $(EMBEDDED).new; else mv $(EMBEDDED).new $(EMBEDDED); fi

setup:
	@Scripts/setup

# All tests: those of this machine, and the integration tests once more in the lab (docs/lab.md).
test: setup build
	@Scripts/setup test
	@Scripts/test

test-host: setup build
	@Scripts/setup test
	@Scripts/test-host

test-lab: setup build
	@Scripts/setup test
	@Scripts/test-lab

# The tests of devices, rings, back ends and the core once more, under the address and the thread sanitizer.
sanitize: setup $(EMBEDDED)
	@Scripts/setup test
	@Scripts/test-sanitized

# A shell on a machine with a real kvm_amd.
lab: setup build
	@Lab/run

lint:
	@$(SWIFT) format lint --strict -r Package.swift Sources Tests

benchmark: setup build
	@Scripts/setup benchmark
	@Benchmarks/run

# A minute of each rung in each direction: about an hour.
soak: setup build
	@Scripts/setup benchmark
	@SOAK_SECONDS=60 Benchmarks/run soak

clean:
	@rm -rf .build .build-address .build-thread build $(EMBEDDED)
