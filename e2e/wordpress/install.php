<?php
// Installs WordPress, and lets whom the web server has logged in be a subscriber: what an administrator does on the pages
// "Installation" and "Settings, HTTP Authentication".

define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url(getenv('WORDPRESS_URL'), PHP_URL_HOST) . ':' . parse_url(getenv('WORDPRESS_URL'), PHP_URL_PORT);
require_once getcwd() . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';

// Installing tells the administrator by mail; there is nobody to tell.
function wp_new_blog_notification() {}

wp_install('Kerzenladen', 'admin', 'admin@example.org', false, '', getenv('WORDPRESS_SECRET'));
update_option('http_authentication_options', [
    'allow_wp_auth' => false,
    'auth_label' => 'Purser',
    'login_uri' => '',
    'logout_uri' => getenv('WORDPRESS_URL') . '/purser?logout=' . rawurlencode(getenv('WORDPRESS_URL') . '/'),
    'additional_server_keys' => '',
    'auto_create_user' => true,
    'auto_create_email_domain' => getenv('WORDPRESS_EMAIL_DOMAIN'),
    'db_version' => 2,
]);
// Pictures of commenters come from elsewhere.
update_option('show_avatars', 0);
$failed = activate_plugin('http-authentication/http-authentication.php');
if (is_wp_error($failed)) {
    fwrite(STDERR, $failed->get_error_message() . "\n");
    exit(1);
}
echo 'WordPress ' . get_bloginfo('version') . " is installed\n";
