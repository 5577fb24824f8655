import SwiftDLAudio
import Testing

struct AudioBufferTests {
  let six = AudioBuffer.noise(frames: 37, channels: 6)

  @Test func framesAndRanges() {
    #expect(six.frames == 37)
    #expect(six[0..<37] == six)
    #expect(six[5..<5].isEmpty)
    #expect(six[0..<10].samples + six[10..<37].samples == six.samples)
    #expect(six[3..<9].channel(4) == Array(six.channel(4)[3..<9]))
  }

  @Test func monoIsTheMean() {
    for (frame, sample) in six.mono().samples.enumerated() {
      let sum = six[frame..<frame + 1].samples.reduce(0, +)
      #expect(abs(sample - sum / 6) < 1e-6)
    }
  }

  @Test func goingUpRepeatsChannels() {
    let stereo = six.mixed(toChannels: 2)
    let five = stereo.mixed(toChannels: 5)
    for channel in 0..<5 { #expect(five.channel(channel) == stereo.channel(channel % 2)) }
    #expect(six.mono().mixed(toChannels: 2).mono() == six.mono())
  }

  @Test(arguments: 1...6) func goingDownDropsNothing(count: Int) {
    // Channels shared evenly: the mean over channels stays the mean.
    guard 6 % count == 0 else { return }
    let difference = largestDifference(
      six.mixed(toChannels: count).mono().samples, six.mono().samples)
    #expect(difference < 1e-6)
  }

  @Test func levels() {
    let square = AudioBuffer(samples: [0.5, -0.5, 0.5, -0.5], channels: 2, sampleRate: 8000)
    #expect(square.peak == 0.5)
    #expect(square.rms == 0.5)
    let empty = AudioBuffer(silence: 0, channels: 2, sampleRate: 8000)
    #expect(empty.peak == 0 && empty.rms == 0 && empty.frames == 0 && empty.mono().frames == 0)
  }
}
