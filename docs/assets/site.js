// A table of three columns or more is a list of rows on a phone: site.css puts the name of its
// column before each cell. The roles stay those of a table, whatever it looks like.
for (const table of document.querySelectorAll(".md-typeset table")) {
  const columns = [...table.rows[0].cells].map((cell) => cell.textContent)
  if (columns.length < 3) continue
  table.dataset.listed = ""
  table.setAttribute("role", "table")
  for (const row of table.tBodies[0].rows) {
    row.setAttribute("role", "row")
    for (const cell of row.cells) {
      cell.setAttribute("role", "cell")
      cell.dataset.column = columns[cell.cellIndex]
    }
  }
}
