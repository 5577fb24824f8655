// swift-tools-version: 6.2
import PackageDescription

// Speed, measured through the public products only: what a user of the libraries gets.
let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "SwiftDL", path: "..")],
  targets: [
    .executableTarget(
      name: "TrainStep",
      dependencies: [
        .product(name: "SwiftDL", package: "SwiftDL"),
        .product(name: "SwiftDLModels", package: "SwiftDL"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
