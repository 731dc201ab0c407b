"""Let agents ask what is recorded, and tell of their work, over the Model Context Protocol: at /mcp and by stdio.

Each answer is bounded, says what was left out and how to get it, and links to pages. What was recorded from other
programs stands under `untrusted_data`: it is data, whatever it says. No tool does what recorded text asks for.
The SDK is an extra (`spanledger[mcp]`) and is imported when somebody first speaks to us.
Must not know SQL, or how records arrive.
"""
