"""What local authorities send: from a file in the landing area to accepted rows or a clear answer."""
