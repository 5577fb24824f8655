import SwiftDL

/// The named tensors of a file that another program wrote.
enum ForeignTensors {
  case safeTensors(SafeTensorsFile)
  case archive(NumPyArchive)

  /// Opens a `.safetensors` or an `.npz` file.
  init(_ path: String) throws(FileError) {
    if [".pt", ".pth", ".ckpt", ".bin"].contains(where: path.hasSuffix) {
      throw FileError(
        path, "is a pickled checkpoint, which can hold programs and is not opened",
        hint: "in Python: safetensors.torch.save_file(torch.load(FILE)['model_state_dict'], 'weights.safetensors')")
    }
    self = path.hasSuffix(".npz") ? .archive(try NumPyArchive(path)) : .safeTensors(try SafeTensorsFile(path))
  }

  var path: String {
    switch self {
    case .safeTensors(let file): file.path
    case .archive(let archive): archive.path
    }
  }

  var names: [String] {
    switch self {
    case .safeTensors(let file): file.entries.map(\.name)
    case .archive(let archive): archive.names
    }
  }

  func tensor(_ name: String) throws(FileError) -> Tensor {
    switch self {
    case .safeTensors(let file): try file.tensor(name)
    case .archive(let archive): try archive.tensor(name)
    }
  }
}
