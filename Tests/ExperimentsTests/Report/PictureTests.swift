import CZlib
import Experiments
import Foundation
import Testing

@Suite struct PNGImageTests {
  /// CRC-32 as ISO 3309 defines it, bit by bit.
  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 {
        let odd = crc & 1 == 1
        crc >>= 1
        if odd { crc ^= 0xEDB8_8320 }
      }
    }
    return ~crc
  }

  static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  /// The chunks of a PNG file; fails where signature, lengths or checksums are wrong.
  static func chunks(_ file: [UInt8]) throws -> [(name: String, content: [UInt8])] {
    try #require(file.starts(with: [137, 80, 78, 71, 13, 10, 26, 10]))
    var chunks: [(name: String, content: [UInt8])] = []
    var place = 8
    while place < file.count {
      let length = number(file[place..<place + 4])
      let checked = file[place + 4..<place + 8 + length]
      #expect(number(file[place + 8 + length..<place + 12 + length]) == Int(checksum(checked)))
      chunks.append(
        (String(decoding: checked.prefix(4), as: UTF8.self), Array(checked.dropFirst(4))))
      place += 12 + length
    }
    return chunks
  }

  @Test(arguments: [(1, 1), (7, 3), (600, 160), (1, 300)])
  func theFileHoldsThePicture(width: Int, height: Int) throws {
    let palette = ColourMap.ember(64)
    let pixels = (0..<width * height).map { UInt8(($0 &* 2_654_435_761 >> 7) % 64) }
    let image = PNGImage(width: width, height: height, palette: palette, pixels: pixels)
    let chunks = try Self.chunks(image.encoded())
    #expect(chunks.map(\.name) == ["IHDR", "PLTE", "IDAT", "IEND"])
    #expect(
      Self.number(chunks[0].content[0..<4]) == width
        && Self.number(chunks[0].content[4..<8]) == height)
    #expect(chunks[0].content[8...] == [8, 3, 0, 0, 0])
    #expect(chunks[1].content == palette.flatMap { [$0.red, $0.green, $0.blue] })
    var size = UInt(height * (width + 1))
    var rows = [UInt8](repeating: 255, count: Int(size))
    #expect(uncompress(&rows, &size, chunks[2].content, UInt(chunks[2].content.count)) == Z_OK)
    #expect(Int(size) == rows.count)
    for row in 0..<height {
      #expect(rows[row * (width + 1)] == 0)
      #expect(
        rows[(row * (width + 1) + 1)...].prefix(width).elementsEqual(
          pixels[row * width..<(row + 1) * width]))
    }
  }

  /// Brighter is louder, evenly: in luminance (CIE 1931, cube root as eyes see it) from dark to
  /// light.
  @Test func theColourMapRisesEvenly() {
    func lightness(_ colour: Colour) -> Double {
      let linear = [colour.red, colour.green, colour.blue].map { channel -> Double in
        let value = Double(channel) / 255
        return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
      }
      return cbrt(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    }
    let steps = ColourMap.ember(256).map(lightness)
    #expect(steps[0] < 0.15 && steps[255] > 0.93)
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $1 > $0 - 0.004 })
    let coarse = ColourMap.ember(16).map(lightness)
    #expect(
      zip(coarse, coarse.dropFirst()).allSatisfy { (0.02...0.11).contains($1 - $0) }, "\(coarse)")
    #expect(Colour(red: 255, green: 0, blue: 10).hexadecimal == "#ff000a")
  }
}

@Suite struct SpectrogramTests {
  static func sine(_ frequency: Double, rate: Double, count: Int, amplitude: Double = 1) -> [Float] {
    (0..<count).map { Float(amplitude * sin(2 * .pi * frequency * Double($0) / rate)) }
  }

  /// The row in which a frequency lies.
  static func row(_ frequency: Double, _ spectrogram: SpectrogramPicture) -> Int {
    let share =
      spectrogram.scale == .linear
      ? frequency / spectrogram.topFrequency
      : log(1 + frequency / 700) / log(1 + spectrogram.topFrequency / 700)
    return Int(share * Double(spectrogram.rows))
  }

  @Test(arguments: [110.0, 440, 1000, 3000, 7900], [8000.0, 16000, 44100])
  func aSineShowsWhereItSoundsAndHowLoud(frequency: Double, rate: Double) {
    guard frequency < rate / 2 - 50 else { return }
    for (scale, amplitude) in [(SpectrogramPicture.FrequencyScale.linear, 1.0), (.mel, 1), (.mel, 0.01)] {
      let samples = Self.sine(frequency, rate: rate, count: Int(rate), amplitude: amplitude)
      let spectrogram = SpectrogramPicture(
        samples: samples, rate: rate, scale: scale, columns: 20, rows: 100)
      let middle = spectrogram.decibels[10 * 100..<11 * 100]
      let loudest = middle.indices.max { middle[$0] < middle[$1] } ?? 0
      #expect(abs(loudest - 1000 - Self.row(frequency, spectrogram)) <= 1)
      // A Hann window loses up to 1.4 dB between two bins.
      let level = middle[loudest] - Float(20 * log10(amplitude))
      #expect((-1.6...0.1).contains(level))
      #expect(abs(spectrogram.duration - 1) < 1e-3)
    }
  }

  @Test func silenceIsDarkAndShortSoundsWork() {
    let silence = SpectrogramPicture(samples: [Float](repeating: 0, count: 4000), rate: 8000)
    #expect(silence.peak == -120)
    #expect(silence.image(ceiling: 0).pixels.allSatisfy { $0 == 0 })
    let click = SpectrogramPicture(samples: [1], rate: 8000, rows: 10)
    #expect(click.columns == 1 && click.decibels.count == 10)
  }

  /// Magnitudes that are there already: a bin in the fourth frame is a pixel in the fourth column,
  /// from the bottom up.
  @Test func magnitudesBecomePixels() {
    let (frames, bins) = (6, 9)
    var magnitudes = [Float](repeating: 0, count: frames * bins)
    magnitudes[3 * bins + 2] = 1
    let spectrogram = SpectrogramPicture(
      magnitudes: magnitudes, frames: frames, rate: 800, duration: 1, scale: .linear, rows: 8)
    let image = spectrogram.image(ceiling: 0)
    #expect(image.width == frames && image.height == 8)
    // Bin 2 is the edge of rows 1 and 2, counted from the bottom.
    let bright = image.pixels.indices.filter { image.pixels[$0] == 63 }
    #expect(Set(bright) == [(7 - 1) * frames + 3, (7 - 2) * frames + 3])
    #expect(image.pixels.count { $0 > 0 } == bright.count)
  }

  /// A long signal keeps its loudness whatever the number of columns.
  @Test func columnsAverageTheirFrames() {
    let samples = Self.sine(1000, rate: 8000, count: 80000)
    let peaks = [10, 100, 600].map { SpectrogramPicture(samples: samples, rate: 8000, columns: $0).peak }
    #expect(peaks.allSatisfy { abs($0 - peaks[0]) < 0.3 })
  }
}

@Suite struct AudioClipTests {
  @Test func samplesBecomeAWAVFile() {
    let clip = AudioClip(samples: [0, 1, -1, 0.5, 2, .nan], channels: 2, rate: 22050)
    let bytes = clip.bytes
    func little(_ place: Int, _ count: Int) -> Int {
      bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    #expect(
      String(decoding: bytes[0..<4] + bytes[8..<16] + bytes[36..<40], as: UTF8.self)
        == "RIFFWAVEfmt data")
    #expect(little(4, 4) == bytes.count - 8 && little(40, 4) == 12 && bytes.count == 56)
    let header = [(20, 2), (22, 2), (24, 4), (28, 4), (32, 2), (34, 2)].map { little($0, $1) }
    #expect(header == [1, 2, 22050, 88200, 4, 16])
    let samples = stride(from: 44, to: 56, by: 2).map { Int16(truncatingIfNeeded: little($0, 2)) }
    #expect(samples == [0, 32767, -32767, 16384, 32767, 0])
  }
}
