"""Adobe Experience Platform's profile-export-jobs API in a box."""
