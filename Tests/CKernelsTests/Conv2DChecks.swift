import CKernels
import Testing

/// Holds every instruction set of this machine against the reference, element by element, with all three faces.
func expectReference(_ trial: ConvTrial, _ contexts: [Context]) {
  let what: Comment = "\(trial.g) channels \(trial.channels)"
  let (sizesOfInputs, sizesOfWeights) = (trial.inputs.map(\.sizes), trial.weights.sizes)
  let sizesOfGradient = trial.outputGradient.sizes

  let y = trial.output(nil).values
  let ySizes = trial.output(nil, inputs: sizesOfInputs, weights: sizesOfWeights, finish: false)
    .values
  let dx = trial.inputGradients(nil).map(\.values)
  let dxSizes = trial.inputGradients(nil, outputGradient: sizesOfGradient, weights: sizesOfWeights)
    .map(\.values)
  let dw = trial.weightGradient(nil).values
  let dwSizes = trial.weightGradient(nil, inputs: sizesOfInputs, outputGradient: sizesOfGradient)
    .values

  for context in contexts {
    let got = trial.output(context)
    /* The activation's own error is relative to results of at most about 1: hence the floor. */
    let floor: Float = trial.epilogue == nil ? 0 : 1
    let difference = firstDifference(
      got.values, y, sizes: ySizes, bound: tolerance(terms: trial.termsOfOutput) + context.roughness, floor: floor)
    #expect(difference == nil, "output, \(context)\n\(what)")
    #expect(got.isIntact, "output guards, \(context)\n\(what)")

    for (v, gradient) in trial.inputGradients(context).enumerated() {
      let difference = firstDifference(
        gradient.values, dx[v], sizes: dxSizes[v], bound: tolerance(terms: trial.termsOfInput) + context.roughness)
      #expect(difference == nil, "input gradient \(v), \(context)\n\(what)")
      #expect(gradient.isIntact, "input gradient guards, \(context)\n\(what)")
    }

    let gradient = trial.weightGradient(context)
    let wrong = firstDifference(
      gradient.values, dw, sizes: dwSizes, bound: tolerance(terms: trial.termsOfWeight) + context.roughness)
    #expect(wrong == nil, "weight gradient, \(context)\n\(what)")
    #expect(gradient.isIntact, "weight gradient guards, \(context)\n\(what)")
  }
}

/// ⟨conv(x, w), y⟩ = ⟨inputGradient(y, w), x⟩ = ⟨weightGradient(x, y), w⟩.
func expectTrilinear(_ trial: ConvTrial, _ context: Context) {
  let forward = innerOfViews(trial.output(context, finish: false).values, trial.outputGradient.values)
  let back = zip(trial.inputGradients(context), trial.inputs)
    .reduce(0) { $0 + innerOfViews($1.0.values, $1.1.values) }
  let weigh = innerOfViews(trial.weightGradient(context).values, trial.weights.values)
  let size = innerOfViews(
    trial.output(
      nil, inputs: trial.inputs.map(\.sizes), weights: trial.weights.sizes, finish: false
    ).values,
    trial.outputGradient.sizes.values)
  let terms = max(trial.termsOfOutput, trial.termsOfInput, trial.termsOfWeight)
  let bound = Double(tolerance(terms: terms) + context.roughness) * size + 1e-30
  #expect(abs(forward - back) <= bound, "\(context) \(trial.g)")
  #expect(abs(forward - weigh) <= bound, "\(context) \(trial.g)")
}

/// The same bits on 1, 2 and 3 threads.
func expectSameBits(_ trial: ConvTrial, _ isa: ck_isa) {
  expectSameBits(trial) { Context(isa, threads: $0) }
}

func expectSameBits(_ trial: ConvTrial, _ makeContext: (Int32) -> Context) {
  func bits(_ threads: Int32) -> [[UInt32]] {
    let context = makeContext(threads)
    let faces =
      [trial.output(context)] + trial.inputGradients(context) + [trial.weightGradient(context)]
    return faces.map { $0.values.map(\.bitPattern) }
  }
  let one = bits(1)
  #expect(bits(2) == one, "\(trial.g)")
  #expect(bits(3) == one, "\(trial.g)")
}
