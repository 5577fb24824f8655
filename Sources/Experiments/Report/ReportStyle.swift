/// The report's typography: one column of text, two of charts, three of pictures; one of each on a
/// phone.
enum ReportStyle {
  static let css = """
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--paper);color:var(--ink);
      font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    main{max-width:1120px;margin:0 auto;padding:clamp(20px,5vw,56px) clamp(16px,4vw,40px)}
    h1{font-size:clamp(1.6rem,4.5vw,2.4rem);line-height:1.15;
      letter-spacing:-.015em;margin:0;text-wrap:balance}
    h2{font-size:1.3rem;line-height:1.25;margin:0 0 .9rem;padding-top:1.6rem;
      border-top:1px solid var(--line)}
    h3{font-size:1rem;margin:1.6rem 0 .6rem}
    p{max-width:44rem;margin:.4rem 0 1rem}
    .subtitle{font-size:1.1rem;color:var(--soft);margin:.5rem 0 0}
    .note{color:var(--soft)}
    section{margin-top:2.4rem}
    figure{margin:0;min-width:0}
    figcaption{font-size:.88rem;font-weight:600}
    dl,dt,dd{margin:0}
    .highlights{display:flex;flex-wrap:wrap;gap:1rem 2.6rem;margin-top:1.6rem}
    .highlights dt{font-size:.82rem;color:var(--soft)}
    .highlights dd{font-size:1.5rem;font-weight:600;line-height:1.2;
      font-variant-numeric:tabular-nums}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));
      gap:2rem 2.4rem;align-items:start;margin:1.2rem 0}
    .charts figure{max-width:540px}
    .panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,290px),1fr));
      gap:1rem 1.4rem;margin:0 0 1.2rem}
    .panels figure{max-width:460px}
    .chart{display:block;width:100%;height:auto;overflow:visible}
    .chart.track{width:150px;display:inline-block;vertical-align:middle}
    .chart.colours{width:400px;max-width:100%}
    audio{display:block;width:100%;height:36px;margin-top:.5rem}
    .scroll{overflow-x:auto;margin:1rem 0 1.4rem}
    table{border-collapse:collapse;font-size:.94rem;font-variant-numeric:tabular-nums}
    caption{text-align:left;color:var(--soft);font-size:.88rem;padding-bottom:.5rem}
    th,td{padding:.34rem 1.4rem .34rem 0;text-align:left;white-space:nowrap;
      border-bottom:1px solid var(--line)}
    th:last-child,td:last-child{padding-right:0}
    thead th{font-size:.82rem;font-weight:500;color:var(--soft);border-bottom-color:var(--soft)}
    tbody th{font-weight:500}
    .n{text-align:right}
    .facts{columns:2 20rem;column-gap:3rem;font-size:.9rem}
    .facts>div{display:flex;justify-content:space-between;gap:1.2rem;padding:.24rem 0;
      border-bottom:1px solid var(--line);break-inside:avoid}
    .facts dt{color:var(--soft);flex:none}
    .facts dd{text-align:right;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
    @media (max-width:560px){th,td{padding-right:.9rem}}
    @media print{
      @page{margin:16mm}
      body{font-size:10.5pt}
      main{max-width:none;padding:0}
      figure,table,article>h3{break-inside:avoid}
      h2,h3{break-after:avoid}
      audio{display:none}
      .charts{grid-template-columns:1fr 1fr}
      .panels{grid-template-columns:1fr 1fr 1fr}
      .chart image{print-color-adjust:exact;-webkit-print-color-adjust:exact}
    }

    """
}
