print("swiftdl")
