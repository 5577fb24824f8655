import Foundation

/// A colour as screens take it: sRGB, eight bits a channel.
public struct Colour: Sendable, Equatable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8

  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// `#rrggbb`
  public var hexadecimal: String { String(format: "#%02x%02x%02x", red, green, blue) }

  /// The most vivid colour of this lightness and hue up to a chroma, in Ottosson's Oklab
  /// (“A perceptual color space for image processing”, 2020).
  ///
  /// - Parameters:
  ///   - lightness: 0 is black, 1 is white, and equal steps look equal.
  ///   - chroma: 0 is grey; what the screen cannot show is brought down to what it can.
  ///   - hue: Degrees: 30 red, 90 yellow, 140 green, 260 blue, 330 magenta.
  init(lightness: Double, chroma: Double, hue: Double) {
    var possible = 0.0
    var impossible = chroma
    var channels = Self.linearChannels(lightness, chroma, hue)
    if !channels.allSatisfy({ (0...1).contains($0) }) {
      for _ in 0..<20 {
        let middle = (possible + impossible) / 2
        channels = Self.linearChannels(lightness, middle, hue)
        if channels.allSatisfy({ (0...1).contains($0) }) {
          possible = middle
        } else {
          impossible = middle
        }
      }
      channels = Self.linearChannels(lightness, possible, hue)
    }
    let bytes = channels.map { channel -> UInt8 in
      let linear = min(max(channel, 0), 1)
      let encoded = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055
      return UInt8((encoded * 255).rounded())
    }
    self.init(red: bytes[0], green: bytes[1], blue: bytes[2])
  }

  /// Red, green and blue before the screen's curve; outside 0…1 where no screen can show them.
  private static func linearChannels(_ lightness: Double, _ chroma: Double, _ hue: Double)
    -> [Double]
  {
    let a = chroma * cos(hue * .pi / 180)
    let b = chroma * sin(hue * .pi / 180)
    func cube(_ value: Double) -> Double { value * value * value }
    let long = cube(lightness + 0.3963377774 * a + 0.2158037573 * b)
    let medium = cube(lightness - 0.1055613458 * a - 0.0638541728 * b)
    let short = cube(lightness - 0.0894841775 * a - 1.2914855480 * b)
    return [
      4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
      -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
      -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    ]
  }
}

/// Colours for loudness: equal steps of the value are equal steps of lightness, so that the picture
/// also reads in grey, in print, and by the colour-blind.
public enum ColourMap {
  /// From near black over indigo, magenta and orange to pale yellow.
  public static func ember(_ count: Int) -> [Colour] {
    precondition((2...256).contains(count), "a colour map has 2 to 256 colours, not \(count)")
    return (0..<count).map { index in
      let value = Double(index) / Double(count - 1)
      return Colour(
        lightness: 0.12 + 0.85 * value,
        chroma: 0.03 + 0.19 * sin(.pi * pow(value, 0.9)),
        hue: 280 + 175 * value)
    }
  }
}
