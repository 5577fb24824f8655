/// What the authors found: Stoller, Ewert, Dixon, "Adversarial semi-supervised audio source separation applied to singing
/// voice extraction", ICASSP 2018, table 1.
enum AdversarialPaper {
  /// The test songs the figures are means over. Songs with stems were DSD100's.
  static let sets = ["all", "DSD100", "MedleyDB", "CCMixter", "iKala"]

  /// A metric of a source, and by set base, V and VA, in dB.
  static let rows: [(metric: String, isLead: Bool, figures: [[Double]])] = [
    (
      "SDR", false,
      [[8.09, 8.89, 8.55], [11.11, 10.75, 10.76], [9.40, 9.60, 9.65], [10.65, 11.09, 10.89], [6.34, 7.71, 7.13]]
    ),
    (
      "SDR", true,
      [[6.80, 7.28, 7.47], [3.74, 3.17, 3.54], [2.48, 2.43, 3.00], [3.25, 3.52, 3.70], [9.50, 10.47, 10.52]]
    ),
    (
      "SIR", false,
      [
        [12.03, 12.58, 12.67], [14.46, 13.56, 13.86], [12.18, 12.07, 12.74], [15.99, 15.49, 16.08], [10.42, 11.79, 11.57],
      ]
    ),
    (
      "SIR", true,
      [[13.72, 14.00, 14.45], [10.03, 9.92, 10.49], [9.40, 9.21, 9.48], [8.39, 8.94, 9.35], [16.98, 17.44, 17.90]]
    ),
    (
      "SAR", false,
      [[11.27, 12.05, 11.40], [14.20, 14.60, 14.10], [13.94, 14.23, 13.45], [12.84, 13.69, 13.24], [9.43, 10.42, 9.70]]
    ),
    (
      "SAR", true,
      [[8.54, 9.00, 9.04], [5.50, 4.84, 5.12], [4.71, 4.69, 5.20], [6.43, 6.17, 6.17], [10.81, 11.83, 11.73]]
    ),
  ]
}
