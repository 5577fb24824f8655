// swift-tools-version: 6.2
import PackageDescription

// Somebody else's package: it depends on SwiftDL by path and uses the kernels and the library.
let package = Package(
  name: "Consumer",
  dependencies: [.package(name: "SwiftDL", path: "../../..")],
  targets: [
    .executableTarget(
      name: "Consumer",
      dependencies: [
        .product(name: "CKernels", package: "SwiftDL"), .product(name: "SwiftDL", package: "SwiftDL"),
      ])
  ]
)
