// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "SwiftDL",
  products: [
    .library(name: "CKernels", targets: ["CKernels"]),
    .library(name: "SwiftDL", targets: ["SwiftDL"]),
    .library(name: "SwiftDLAudio", targets: ["SwiftDLAudio"]),
    .library(name: "SwiftDLModels", targets: ["SwiftDLModels"]),
    .executable(name: "swiftdl", targets: ["swiftdl"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // System libraries: a module map and one shim header each.
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
    .systemLibrary(name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"])]),
    .systemLibrary(name: "CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
    .systemLibrary(name: "CEBUR128", pkgConfig: "libebur128", providers: [.apt(["libebur128-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),

    // The house, one storey above another; the arrows never turn back.
    .target(
      name: "CKernels", dependencies: ["COpenBLAS"], exclude: ["CMakeLists.txt", "packaging"],
      cSettings: [.headerSearchPath(".")], linkerSettings: [.linkedLibrary("m")]),
    .target(name: "SwiftDL", dependencies: ["CKernels"], swiftSettings: strict),
    .target(
      name: "SwiftDLAudio", dependencies: ["SwiftDL", "CFFTW", "CSndFile", "CSoxr", "CEBUR128", "CLAPACKE"],
      swiftSettings: strict),
    .target(name: "SwiftDLModels", dependencies: ["SwiftDL"], swiftSettings: strict),
    .target(
      name: "Experiments",
      dependencies: [
        "SwiftDL", "SwiftDLAudio", "SwiftDLModels", "CLAPACKE", "CZlib", "CPNG", "CTurboJPEG",
        .product(name: "Yams", package: "Yams"),
      ],
      resources: [.copy("Models/Trained")],
      swiftSettings: strict),
    .executableTarget(
      name: "swiftdl",
      dependencies: [
        "Experiments", "SwiftDL", "SwiftDLAudio", "SwiftDLModels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Tests mirror Sources.
    .target(name: "TestSupport", dependencies: ["SwiftDL"], path: "Tests/TestSupport", swiftSettings: strict),
    .target(
      name: "CKernelsEmulation", dependencies: ["CKernels"], path: "Tests/CKernelsEmulation",
      cSettings: [.headerSearchPath("../../Sources/CKernels")]),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels", "CKernelsEmulation"], swiftSettings: strict),
    .testTarget(
      name: "SwiftDLTests", dependencies: ["SwiftDL", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "SwiftDLAudioTests", dependencies: ["SwiftDLAudio"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "SwiftDLModelsTests", dependencies: ["SwiftDLModels", "CKernels", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "ExperimentsTests", dependencies: ["Experiments", "TestSupport", "CZlib"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "swiftdl", "Experiments", "SwiftDL", "SwiftDLAudio", "SwiftDLModels", "TestSupport",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu11
)
